"""`python -m agreements api | worker | all`."""

if __name__ == "__main__":
    import chassis.starting  # noqa: F401 first of all
    from agreements.app import service
    from agreements.settings import AgreementsSettings
    from chassis.run import main

    main(service, AgreementsSettings)
