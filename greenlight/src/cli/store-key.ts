import { makeStoreKey, STORE_KEY_VARIABLE } from "../app/shared-store/store-keys.ts";
import type { CommandCall } from "./command-call.ts";

/** `greenlight store key`: makes the two halves of a shared store's key. Nothing is written anywhere. */
export function storeKey(call: CommandCall): number {
  const pair = makeStoreKey();
  if (call.isJson) {
    console.log(JSON.stringify(pair));
    return 0;
  }
  console.log(`public half, for the definition (store: s3({ …, publicKey })):\n\n  ${pair.publicKey}\n`);
  console.log(`private half, a secret: set it as ${STORE_KEY_VARIABLE} where runs are trusted, and nowhere else:\n`);
  console.log(`  ${pair.privateKey}\n`);
  console.log("It is shown this once. Whoever has it decides what every machine takes from the store.");
  return 0;
}
