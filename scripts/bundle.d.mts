/** Makes one file of a program in TypeScript, for Node. Packages are left out of it, the one under test too. */
export declare function bundle(entryPoint: string, outfile: string): Promise<void>
