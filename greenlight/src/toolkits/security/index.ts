import { secretScan } from "./secret-scan.ts";
import { sonar, sonarGate } from "./sonar.ts";
import { trivy } from "./trivy.ts";

/** Steps that look for secrets and vulnerabilities in files and images of any language. */
export const security = { secretScan, trivy, sonar, sonarGate };
