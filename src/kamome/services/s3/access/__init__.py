"""Who may: access control lists, bucket policies, public access."""
