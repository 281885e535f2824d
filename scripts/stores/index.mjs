// The stores for the processes of `scripts/processes/`: a module each, with the same members.
export const storeModuleOf = (name) => new URL(`${name}.mjs`, import.meta.url).href

/** The module of a store: `setUp(options)` makes room for one run, and `open(place)` opens the store, in whichever process. */
export const loadStore = (name) => import(storeModuleOf(name))
