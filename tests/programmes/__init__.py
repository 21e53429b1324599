"""Cases of every programme, written for people who know the programmes and not the code."""
