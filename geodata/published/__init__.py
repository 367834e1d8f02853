"""Published national files, recognised by what they hold: found, named, dated and read."""
