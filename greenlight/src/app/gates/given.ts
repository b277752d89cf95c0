type Given<Form> = { readonly [Name in keyof Form]: Exclude<Form[Name], undefined> };

/** Without the members that are undefined: a definition may hold them, and they must not hide what holds otherwise. */
export function given<Form extends object>(form: Form): Given<Form> {
  return Object.fromEntries(Object.entries(form).filter(([, value]) => value !== undefined)) as Given<Form>;
}
