"""`python -m mobility api | worker | all`."""

if __name__ == "__main__":
    import chassis.starting  # noqa: F401 first of all
    from chassis.run import main
    from mobility.app import service
    from mobility.settings import MobilitySettings

    main(service, MobilitySettings)
