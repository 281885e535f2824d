import { useAddNote, useNotes } from './queries'

export function Notes() {
  const { data = [] } = useNotes()
  const add = useAddNote()
  return (
    <section aria-labelledby="notes" className="card">
      <h2 id="notes">Notes</h2>
      <ul className="notes">
        {data.map(({ id, author, text }) => (
          <li key={id}>
            <b>{author}</b> {text}
          </li>
        ))}
      </ul>
      <form
        action={(form) => {
          const text = String(form.get('text')).trim()
          if (text !== '') add.mutate(text)
        }}
      >
        <label>
          New note <input name="text" autoComplete="off" />
        </label>
        <button type="submit" disabled={add.isPending}>
          Add
        </button>
      </form>
      <p role="status" className="notice">
        {add.error?.message}
      </p>
    </section>
  )
}
