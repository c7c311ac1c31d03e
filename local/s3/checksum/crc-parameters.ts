/** CRCs with reflected bits whose register starts and ends inverted, and their reflected polynomials. */
export const crcParameters = {
  CRC32: { width: 32, polynomial: 0xedb88320n },
  /** RFC 3720, appendix B.4. */
  CRC32C: { width: 32, polynomial: 0x82f63b78n },
  /** NVM Express NVM Command Set Specification, section 5.2.1.3.4. */
  CRC64NVME: { width: 64, polynomial: 0x9a6c9329ac4bc9b5n },
} as const
