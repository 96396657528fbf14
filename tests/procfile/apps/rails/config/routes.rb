Rails.application.routes.draw do
  root "visits#index"
  get "die", to: "visits#die"
end
