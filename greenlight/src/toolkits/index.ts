export { codecovUpload } from "./coverage/codecov-upload.ts";
export { coverageGate } from "./coverage/coverage-gate.ts";
export { node } from "./node/index.ts";
export { python } from "./python/index.ts";
export { onVersions } from "./runtimes/on-versions.ts";
export { security } from "./security/index.ts";
export { withService } from "./services/with-service.ts";
