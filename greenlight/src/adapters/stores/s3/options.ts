/** Where the objects lie. Credentials never stand here: they come from the environment, a profile or the machine's role. */
export interface S3Options {
  readonly bucket: string;
  /** Keys begin with this and a slash; empty: the bucket's top. */
  readonly prefix: string;
  /** Null: AWS_REGION, the profile's, or us-east-1 where an endpoint is given. */
  readonly region: string | null;
  /** URL of a compatible server; null: AWS. */
  readonly endpoint: string | null;
  /** `host/bucket/key` instead of `bucket.host/key`, which other servers than AWS mostly need. */
  readonly forcePathStyle: boolean;
}

/** The options with their defaults, from what was written in a definition. Throws a RangeError that names the option. */
export function readS3Options(given: Readonly<Record<string, unknown>>): S3Options {
  const { bucket, prefix = "", region = null, endpoint = null, forcePathStyle = endpoint !== null, ...rest } = given;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new RangeError(`s3: there is no option "${unknown}"`);
  if (typeof bucket !== "string" || !/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/iu.test(bucket))
    throw new RangeError("s3: `bucket` must be a bucket's name");
  if (typeof prefix !== "string" || !/^([\w.=-]+(\/[\w.=-]+)*)?$/u.test(prefix) || prefix.length > 150)
    throw new RangeError("s3: `prefix` must be a path like team/greenlight, without a slash at its ends");
  if (region !== null && (typeof region !== "string" || !/^[a-z0-9-]{2,40}$/u.test(region)))
    throw new RangeError("s3: `region` must be a region's name");
  if (endpoint !== null && (typeof endpoint !== "string" || !isEndpoint(endpoint)))
    throw new RangeError("s3: `endpoint` must be an http or https URL without user, path and query");
  if (typeof forcePathStyle !== "boolean") throw new RangeError("s3: `forcePathStyle` must be true or false");
  return { bucket, prefix, region, endpoint, forcePathStyle };
}

function isEndpoint(text: string): boolean {
  const url = URL.parse(text);
  if (url === null) return false;
  const isBare = url.pathname === "/" && url.search === "" && url.username === "" && url.password === "";
  return isBare && (url.protocol === "http:" || url.protocol === "https:");
}
