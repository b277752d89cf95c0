/** A contender did not do what was asked of it, so its figures mean nothing. */
export class WrongWork extends Error {}
