/**
 * The colours of spawn's pages, light and dark. Replication is blue and storage amber everywhere: two hues that colour-blind users can
 * distinguish.
 */
export const PALETTE = `
:root {
  color-scheme: light dark;
  --page: #f6f6f3; --card: #ffffff; --line: #e3e2dc; --text: #1c1d21; --soft: #5f6168; --grid: #ecebe6;
  --replication: #2f5fd0; --storage: #e09a2b; --requests: #8157c9; --direct: #a3a6ad; --saved: #17785a; --shade: rgb(30 30 40 / 11%);
  --shadow: 0 1px 2px rgb(20 20 30 / 5%), 0 6px 20px -12px rgb(20 20 30 / 14%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #121316; --card: #1b1c21; --line: #2d2f36; --text: #ececef; --soft: #a2a5ae; --grid: #292b31;
    --replication: #7aa2ff; --storage: #f0b856; --requests: #bb9cf2; --direct: #767a84; --saved: #5fd0a4; --shade: rgb(0 0 0 / 45%);
    --shadow: none;
  }
}
`;
