/** The member of a shared store that makes its persistence. Registered, so that two copies of the package know each other's stores. */
export const persistenceOf = Symbol.for('axios-attach-oauth.persistence')
