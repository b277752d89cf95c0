import type { PinnedAction } from "./workflow.ts";

/** GitHub's own actions, each at a released version. */
export const CHECKOUT: PinnedAction = {
  action: "actions/checkout",
  commit: "3d3c42e5aac5ba805825da76410c181273ba90b1",
  version: "v7.0.1",
};

export const SETUP_NODE: PinnedAction = {
  action: "actions/setup-node",
  commit: "820762786026740c76f36085b0efc47a31fe5020",
  version: "v7.0.0",
};

export const SETUP_PYTHON: PinnedAction = {
  action: "actions/setup-python",
  commit: "5fda3b95a4ea91299a34e894583c3862153e4b97",
  version: "v7.0.0",
};

export const UPLOAD_ARTIFACT: PinnedAction = {
  action: "actions/upload-artifact",
  commit: "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f",
  version: "v7.0.0",
};

export const DOWNLOAD_ARTIFACT: PinnedAction = {
  action: "actions/download-artifact",
  commit: "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c",
  version: "v8.0.1",
};
