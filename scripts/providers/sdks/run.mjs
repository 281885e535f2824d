// Prints what becomes of a session when the identity SDKs refresh for it.
import firebase from './firebase.mjs'
import msal from './msal.mjs'
import oidcClient from './oidc-client-ts.mjs'
import supabase from './supabase.mjs'
import thrown from './thrown.mjs'

const results = []
for (const run of [msal, oidcClient, supabase, firebase, thrown]) results.push(...(await run()))
process.stdout.write(`\n${JSON.stringify(results)}`)
process.exit()
