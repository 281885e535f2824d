export { storeContract } from './contract.js'
export type { StoreAbility, StoreCase, StoreContractOptions, StoreHook, StoreNeed } from './options.js'
