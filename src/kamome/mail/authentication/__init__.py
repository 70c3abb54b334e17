"""Whether a mail comes from whom it says: SPF, DKIM and DMARC, asked over DNS.

`spf` (with `spf_terms`), `dkim` (with `body_hash`) and `dmarc` each judge one thing, `results`
holds what they found and words it for headers, `checks` runs them for one mail, bounded in time.
"""
