"""`python -m agreements api | worker | all`."""

from chassis.starting import begin

if __name__ == "__main__":
    begin()
    from agreements.app import service
    from agreements.settings import AgreementsSettings
    from chassis.run import main

    main(service, AgreementsSettings)
