"""Tools that look after what is kept: nothing here runs while commands are taken and topics heard."""
