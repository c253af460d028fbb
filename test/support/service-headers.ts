/** The headers of each of the service's answers. */
export const SERVICE_HEADERS = {
  'x-amzn-requestid': '6f6e7a0a-3c5e-4b4e-9d0c-1f6a4c1c1c1c',
  'content-type': 'application/x-amz-json-1.0',
} as const;
