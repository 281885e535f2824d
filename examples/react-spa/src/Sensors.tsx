import { useSensor } from './queries'

function Reading({ id }: { id: number }) {
  const { data, error } = useSensor(id)
  return (
    <li className="card reading">
      <h3>{data?.name ?? `Sensor ${id}`}</h3>
      <p className="value">{data ? `${data.celsius.toFixed(1)} °C` : '–'}</p>
      <p className="soft">{error ? error.message : data ? `${data.humidity} % humidity` : 'loading'}</p>
    </li>
  )
}

export function Sensors() {
  return (
    <section aria-labelledby="sensors">
      <h2 id="sensors">Sensors</h2>
      <ul className="grid">
        {[1, 2, 3, 4, 5, 6].map((id) => (
          <Reading key={id} id={id} />
        ))}
      </ul>
    </section>
  )
}
