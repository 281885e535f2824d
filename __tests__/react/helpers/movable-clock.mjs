// Loaded before the servers of the example: the parent process sets their time.
let ahead = 0
const RealDate = Date

globalThis.Date = class extends RealDate {
  constructor(...values) {
    super(...(values.length === 0 ? [RealDate.now() + ahead] : values))
  }
  static now() {
    return RealDate.now() + ahead
  }
}
process.on('message', ({ time }) => {
  if (time !== undefined) ahead = time - RealDate.now()
})
