/** What the compiler has to know of the repository in which the workflow will run. */
export interface Checkout {
  /** The folder whose packages are installed, relative to the repository; "." for its root. */
  readonly installFolder: string;
  /** The project's folder relative to that one; "." when they are the same. */
  readonly project: string;
  /** The shell line that brings the packages, Greenlight among them. */
  readonly install: string;
}
