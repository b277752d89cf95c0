const NAMES =
  "HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy REQUESTS_CA_BUNDLE CURL_CA_BUNDLE SSL_CERT_DIR " +
  "PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_RETRIES PIP_TIMEOUT PIP_CERT PIP_CONFIG_FILE PIP_NO_INDEX PIP_FIND_LINKS " +
  "UV_INDEX_URL UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL UV_OFFLINE UV_HTTP_TIMEOUT UV_NATIVE_TLS";

/** Variables that say how servers are reached, by the names that pip, uv, poetry and requests know. */
export const NETWORK: readonly string[] = NAMES.split(" ");
