"""What the commands do, one module a verb, without talking: results are frozen data or NewsletterErrors."""
