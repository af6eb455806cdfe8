import { PolicyPack } from "@pulumi/policy";
import { policies } from "./rules.js";

new PolicyPack("spawn-policy", { enforcementLevel: "mandatory", policies });
