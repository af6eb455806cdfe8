// The program of spawn, which declares the environment and its entries from Pulumi.<environment>.yaml.
export { default } from "./node_modules/spawn-staging/dist/stacks/index.js";
