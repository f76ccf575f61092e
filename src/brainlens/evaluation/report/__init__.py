"""An evaluation for people and programs: JSON, outcomes, pictures, one page."""
