import { tmpdir } from "node:os";

import { objectStoreContract } from "../../../engine/testing/object-store-contract.ts";
import { openObjectStore } from "./index.ts";
import { Minio, MINIO_ENV, MINIO_PROGRAM, WITHOUT_MINIO } from "./testing/minio.ts";

objectStoreContract(
  `a bucket of a real S3 server${WITHOUT_MINIO}`,
  MINIO_PROGRAM === null
    ? null
    : async () => {
        const minio = await Minio.start();
        return {
          open: () => minio.openStore({ prefix: "team/contract" }),
          // Port 9 (discard) is below those given out, and nobody listens there.
          openAbsent: () =>
            openObjectStore(
              { bucket: "store", endpoint: "http://127.0.0.1:9" },
              { projectFolder: tmpdir(), env: MINIO_ENV },
            ),
          close: () => minio.stop(),
        };
      },
);
