import type { AxiosInstance } from 'axios'

/** The part of your app that is tested. */
export async function listOrders(api: AxiosInstance): Promise<string[]> {
  const { data } = await api.get<string[]>('/orders')
  return data
}
