import { useState } from 'react'
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
  const [isShown, setShown] = useState(true)
  return (
    <section aria-labelledby="sensors">
      <div className="row">
        <h2 id="sensors">Sensors</h2>
        <button type="button" aria-expanded={isShown} onClick={() => setShown(!isShown)}>
          {isShown ? 'Hide' : 'Show'}
        </button>
      </div>
      {isShown && (
        <ul className="grid">
          {[1, 2, 3, 4, 5, 6].map((id) => (
            <Reading key={id} id={id} />
          ))}
        </ul>
      )}
    </section>
  )
}
