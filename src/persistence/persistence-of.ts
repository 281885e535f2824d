/** The member of a shared store that makes its persistence. Registered, so that a store of one copy of the package works with another copy. */
export const persistenceOf = Symbol.for('axios-attach-oauth.persistence')
