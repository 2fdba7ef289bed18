"""Whether boxes are obeyed: the toy paints emoji by name, and what it painted is measured."""
