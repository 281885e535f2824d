/** Nobody reads the stacks of the errors that the servers of a model answer with; making them would take most of the time. */
export function withoutStacks(): void {
  Error.stackTraceLimit = 0
}
