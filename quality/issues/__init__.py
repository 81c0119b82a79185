"""Faults with an owner, a deadline and a proof that they are gone; and the gate that live data must keep."""
