"""Witnesses (C2SP tlog-witness): what one cosigns and never, how it remembers, how it is asked and served.

wire      bodies and answers of the protocol           pure
witness   the decision: cosign, refuse, ask again      pure, over the port `WitnessState`
state     its memory in one SQLite file
http      a port to serve it and a transport to ask it
client    a log's side: all witnesses at once until the quorum is met
looking_back  a log's side before it starts: whether a witness knows of a newer head
"""
