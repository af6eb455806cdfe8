/** The row of a parameter set that `encodeParamSet` wrote. */
export const decodeParamSet = (text: string): [name: string, value: string][] =>
  text === ""
    ? []
    : text.split(",").map((part) => {
        const at = part.indexOf("=");
        return [part.slice(0, at), decodeURIComponent(part.slice(at + 1))];
      });
