import { useState } from 'react'
import { useUpload } from './queries'

export function Upload() {
  const [share, setShare] = useState(0)
  const upload = useUpload(setShare)
  return (
    <section aria-labelledby="photo" className="card">
      <h2 id="photo">Photo</h2>
      <label className="file">
        Choose a photo
        <input
          type="file"
          onChange={({ target }) => {
            const file = target.files?.[0]
            setShare(0)
            if (file) upload.mutate(file)
          }}
        />
      </label>
      <progress value={upload.isIdle ? 0 : share} max={1} aria-label="Upload" />
      <p role="status" className="soft">
        {upload.isPending && `${Math.round(share * 100)} %`}
        {upload.data && `${upload.data.bytes.toLocaleString('en')} bytes stored`}
        {upload.error?.message}
      </p>
    </section>
  )
}
