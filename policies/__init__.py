"""What the rules say: names of things, who may do what, how a case moves, what may be opened, what is good
enough, how a rate is defined, which days count; never imports anything of ours, SQL, the web or a clock.
"""
