"""The page for people: plain HTML, CSS and ES modules, served as they lie here."""
