/** By this header of every answer of its API the local service tells that it is one, which no other endpoint has. */
export const SERVICE_HEADER = 'x-stepwright-service';
