"""Whether a mail comes from whom it says: SPF, DKIM and DMARC, asked over DNS.

`spf` (with `spf_terms`), `dkim` (with `signature_field` and `body_hash`) and `dmarc` each judge one
thing, `results` words what they found for headers, `examination` runs them for one mail, bounded
in time, together with the scanners.
"""
