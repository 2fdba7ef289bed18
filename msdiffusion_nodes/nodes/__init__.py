"""What people drag into the graph: sockets, tooltips, and a translation into the library."""
