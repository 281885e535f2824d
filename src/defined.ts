type Defined<Members> = { readonly [Name in keyof Members as undefined extends Members[Name] ? never : Name]: Members[Name] } & {
  readonly [Name in keyof Members as undefined extends Members[Name] ? Name : never]?: Exclude<Members[Name], undefined>
}

/** Copies `members` without those that are `undefined`: in printed objects and in stored JSON a missing member is none at all. */
export function defined<const Members extends object>(members: Members): Defined<Members> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<Members>
}
