/** A certificate that the backend signed, and what is needed to give it again. */
export interface IssuedCertificate {
  readonly certificateId: string
  readonly certificatePem: string
  /** ISO time. */
  readonly notAfter: string
  /** Hex SHA-256 of the public key (SPKI): who asks again with this key gets this certificate again. */
  readonly publicKeyHash: string
  /** Lower-case hex. */
  readonly serialNumber: string
  readonly caCertificateId: string
  /** The certificate of the CA that signed it. */
  readonly chainPem: string
}
