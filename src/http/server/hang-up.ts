import type { Socket } from 'node:net'

/** Closes the socket it is called on: a listener that needs no closure per connection. */
export const hangUp = function destroy(this: Socket): void {
  this.destroy()
}
